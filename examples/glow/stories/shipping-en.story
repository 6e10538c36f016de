# English: how long a parcel takes, by postal code.
story: shipping, in English
workspace: ../workspace.json

2026-03-21 10:00  jess comments on v46: do you ship here
                  fired shipping-en
                  public: Check your inbox
                  bot: We ship to Thailand, Vietnam, Indonesia and Singapore; free from 499 THB.
                  bot: What is your postal code? We will look up the days.
      +1m         jess: 10110
                  bot: In the capital it takes 1 to 2 days.
                  card: shop: Here you go, tap to order.
                  state: waiting

      +1h         amy_k comments on v46: do you ship here
                  fired shipping-en
                  public: Sent you a DM 💕
                  bot: We ship to Thailand, Vietnam, Indonesia and Singapore; free from 499 THB.
                  bot: What is your postal code? We will look up the days.
      +1m         amy_k: not sure yet
                  mismatch
                  bot: What is your postal code? We will look up the days.
      +1m         amy_k: 83000
                  bot: To 83000 it takes 3 to 5 days.
                  card: shop: Here you go, tap to order.
                  state: waiting
