# English: the price, the size, the card, and a reminder the next day.
story: price, in English
workspace: ../workspace.json

2026-03-21 10:00  jess comments on v46: price please
                  fired price-en
                  public: Check your inbox
                  bot: Hi jess 🥰 Glow Serum is 590 THB for 30 ml and 890 THB for 50 ml.
                  bot: Which size would you like? [30 ml] [50 ml] [Talk to us]
      +1m         jess: 50 ml
                  card: p_glow_serum/glow-serum-50: Here you go, tap to order.
      +21h        clock
                  bot: Still thinking about 50 ml? Shipping is free until midnight.
                  state: waiting

      +1h         amy_k comments on v46: price please
                  fired price-en
                  public: Sent you a DM 💕
                  bot: Hi amy_k 🥰 Glow Serum is 590 THB for 30 ml and 890 THB for 50 ml.
                  bot: Which size would you like? [30 ml] [50 ml] [Talk to us]
      +1m         amy_k taps [30 ml]
                  card: p_glow_serum/glow-serum-30: Here you go, tap to order.
      +21h        clock
                  bot: Still thinking about 30 ml? Shipping is free until midnight.
                  state: waiting

      +1h         sofia comments on v46: price please
                  @jess state: closed (expired)
                  fired price-en
                  public: We wrote to you just now
                  bot: Hi sofia 🥰 Glow Serum is 590 THB for 30 ml and 890 THB for 50 ml.
                  bot: Which size would you like? [30 ml] [50 ml] [Talk to us]
      +1m         sofia taps [Talk to us]
                  inbox: handoff (asked for a person about the price)
                  state: human (handoff)
      +5m         owner@glow.example hands back sofia
                  state: waiting

      +1h         noor comments on v46: price please
                  fired price-en
                  public: Details are in your DMs
                  bot: Hi noor 🥰 Glow Serum is 590 THB for 30 ml and 890 THB for 50 ml.
                  bot: Which size would you like? [30 ml] [50 ml] [Talk to us]
      +1m         noor: not sure yet
                  inbox: handoff (asked for a person about the price)
                  state: human (handoff)
      +5m         owner@glow.example hands back noor
                  state: waiting
