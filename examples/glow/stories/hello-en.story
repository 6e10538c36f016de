# English: the menu for newcomers.
story: hello, in English
workspace: ../workspace.json

2026-03-21 10:00  jess comments on v46: hello
                  fired hello-all
                  public: Hello and welcome 💕
                  bot: Hi, this is Glow Cosmetics. What can we do for you? [See products] [Offers] [Talk to us]
      +1m         jess taps [See products]
                  card: shop: Here is our shop 🛒
                  state: waiting

      +1h         amy_k comments on v46: hello
                  fired hello-all
                  public: Hi! 💕
                  bot: Hi, this is Glow Cosmetics. What can we do for you? [See products] [Offers] [Talk to us]
      +1m         amy_k taps [Offers]
                  bot: Your code is GLOW15, amy_k: 15% off until Sunday.
                  card: shop: Here is our shop 🛒
                  state: waiting

      +1h         sofia comments on v46: hello
                  fired hello-all
                  public: Hello and welcome 💕
                  bot: Hi, this is Glow Cosmetics. What can we do for you? [See products] [Offers] [Talk to us]
      +1m         sofia taps [Talk to us]
                  inbox: handoff (wrote at the menu)
                  state: human (handoff)
      +5m         owner@glow.example hands back sofia
                  state: waiting

      +1h         noor comments on v46: hello
                  fired hello-all
                  public: Hi! 💕
                  bot: Hi, this is Glow Cosmetics. What can we do for you? [See products] [Offers] [Talk to us]
      +1m         noor: not sure yet
                  inbox: handoff (wrote at the menu)
                  state: human (handoff)
      +5m         owner@glow.example hands back noor
                  state: waiting
