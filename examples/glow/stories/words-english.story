# What English triggers take, and what looks like it and is not.
story: English wording
workspace: ../workspace.json

2026-03-21 10:00  jess comments on v46: so worth the price
                  nothing
      +1m         amy_k comments on v46: pregnancy safe
                  fired skin-en
                  public: Sent you a DM 💕
                  bot: What is your skin type? [Oily] [Dry] [Sensitive] [Talk to us]
      +1m         sofia comments on v46: dm me
                  fired order-en
                  public: Thank you, see your inbox
                  bot: "How many would you like? (a number)"
      +1m         noor comments on v46: 2 please
                  fired order-en
                  public: Let us take it in DMs 🛒
                  bot: "How many would you like? (a number)"
      +1m         kate comments on v46: no rash at all
                  nothing
      +1m         mei comments on v46: does it cause a rash?
                  nothing
