# The same thing may arrive twice, and late.
story: duplicates and late arrivals
workspace: ../workspace.json

2026-03-21 10:00  jess comments on v46 as c1: price please
                  fired price-en
                  public: Check your inbox
                  bot: Hi jess 🥰 Glow Serum is 590 THB for 30 ml and 890 THB for 50 ml.
                  bot: Which size would you like? [30 ml] [50 ml] [Talk to us]
      +1s         again
                  nothing
      +1s         jess comments on v46 as c1: price please
                  nothing
      +1m         jess writes as m1: 50 ml
                  card: p_glow_serum/glow-serum-50: Here you go, tap to order.
      +1s         jess writes as m1: 50 ml
                  nothing
      +1m         jess: hello
                  nothing
# It was written before all that, and comes only now.
      -1h         amy_k comments on v46: price please
                  fired price-en
                  public: We wrote to you just now
                  bot: Hi amy_k 🥰 Glow Serum is 590 THB for 30 ml and 890 THB for 50 ml.
                  bot: Which size would you like? [30 ml] [50 ml] [Talk to us]
      +2h         jess comments on v46: do you ship here
                  @amy_k state: waiting
                  fired shipping-en
                  public: Details are in your DMs
                  bot: We ship to Thailand, Vietnam, Indonesia and Singapore; free from 499 THB.
                  bot: What is your postal code? We will look up the days.
