# What happens to the shop, and what must come of it. Run it: chatsparks expect workspace.toml price.story
story: a buyer asks the price and takes three
workspace: workspace.toml

2026-03-03 10:00  mint comments on v1: how much is the lavender soap?
                  fired lavender
                  public: We sent you a DM 💜
                  bot: Hi mint 💜 One bar is 120 THB, three are 300 THB.
                  bot: How many would you like? [One bar] [Three bars] [Talk to us]
      +2m         mint: three bars
                  card: p_soap/s3: Three, good choice 🧼
                  state: waiting
                  tag: sent-card
      +1h         mint comments on v1: price?
                  not fired: throttled lavender
      +1d         state: closed (expired)
