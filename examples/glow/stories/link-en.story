# English: the shop page, and a word two hours later.
story: link, in English
workspace: ../workspace.json

2026-03-21 10:00  jess comments on v46: where to buy
                  fired link-en
                  public: Check your inbox
                  card: shop: Here is our shop 🛒
      +3h         clock
                  bot: If anything does not work, just type it here.
                  state: waiting
