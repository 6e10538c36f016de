# The same question from the same person is answered once a day, to the second.
story: asking again
workspace: ../workspace.json

2026-03-21 10:00  jess comments on v46: price please
                  fired price-en
                  public: Check your inbox
                  bot: Hi jess 🥰 Glow Serum is 590 THB for 30 ml and 890 THB for 50 ml.
                  bot: Which size would you like? [30 ml] [50 ml] [Talk to us]
      +1m         jess: 50 ml
                  card: p_glow_serum/glow-serum-50: Here you go, tap to order.
      +1m         jess comments on v46: price please
                  not fired: throttled price-en until 2026-03-22 10:00
      +23h57m59s  jess comments on v46: price please
                  bot: Still thinking about 50 ml? Shipping is free until midnight.
                  state: waiting
                  not fired: throttled price-en until 2026-03-22 10:00
      +1s         jess comments on v46: price please
                  fired price-en
                  public: Details are in your DMs
                  bot: Hi jess 🥰 Glow Serum is 590 THB for 30 ml and 890 THB for 50 ml.
                  bot: Which size would you like? [30 ml] [50 ml] [Talk to us]
# Another trigger of the same person is its own matter.
      +1m         jess comments on v46: do you ship here
                  fired shipping-en
                  public: Check your inbox
                  bot: We ship to Thailand, Vietnam, Indonesia and Singapore; free from 499 THB.
                  bot: What is your postal code? We will look up the days.
