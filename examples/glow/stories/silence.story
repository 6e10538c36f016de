# An hour without a reply, and a day after the last word.
story: nobody answers
workspace: ../workspace.json

2026-03-21 10:00  jess comments on v46: price please
                  fired price-en
                  public: Check your inbox
                  bot: Hi jess 🥰 Glow Serum is 590 THB for 30 ml and 890 THB for 50 ml.
                  bot: Which size would you like? [30 ml] [50 ml] [Talk to us]
      +59m59s     clock
                  state: bot
      +1s         state: waiting
      +1m         jess: 30 ml
                  card: p_glow_serum/glow-serum-30: Here you go, tap to order.
      +20h        bot: Still thinking about 30 ml? Shipping is free until midnight.
                  state: waiting
      +1h         nothing
      +23h        state: closed (expired)
