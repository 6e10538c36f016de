# Vietnamese: the shop page, and a word two hours later.
story: link, in Vietnamese
workspace: ../workspace.json

2026-03-21 10:00  linhchi comments on v46: xin link
                  fired link-vi
                  public: Shop ib mình rồi nhé
                  card: shop: Link của shop đây ạ 🛒
      +3h         clock
                  bot: Vướng chỗ nào mình cứ nhắn shop nhé.
                  state: waiting
