# Indonesian: the shop page, and a word two hours later.
story: link, in Indonesian
workspace: ../workspace.json

2026-03-21 10:00  putri_a comments on v46: link dong
                  fired link-id
                  public: Cek DM ya kak
                  card: shop: Ini link tokonya kak 🛒
      +3h         clock
                  bot: Kalau ada kendala tinggal ketik ya kak.
                  state: waiting
