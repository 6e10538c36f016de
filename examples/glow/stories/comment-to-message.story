# A comment that the platform marks as answerable opens one message.
story: reach: answerable comments
with policy.reach.mode = "comment_to_message"
workspace: ../workspace.json

2026-03-21 10:00  jess comments on v46 answerable: price please
                  fired price-en
                  public: Check your inbox
                  bot: Hi jess 🥰 Glow Serum is 590 THB for 30 ml and 890 THB for 50 ml.
                  state: waiting
                  at size
      +1m         jess: 50 ml
                  bot: Which size would you like? [30 ml] [50 ml] [Talk to us]
      +1m         amy_k comments on v46 replying to c1, answerable: price please
                  awaiting message price-en until 2026-03-23 10:02
                  public: Sent you a DM 💕
      +1m         sofia comments on v46 answerable, posted 49h ago: price please
                  awaiting message price-en until 2026-03-23 10:03
                  public: We wrote to you just now
      +1m         noor comments on v46 as n1: price please
                  awaiting message price-en until 2026-03-23 10:04
                  public: Sent you a DM 💕
      +1m         comment n1 becomes answerable
                  bot: Hi noor 🥰 Glow Serum is 590 THB for 30 ml and 890 THB for 50 ml.
                  state: waiting
      +1m         noor: 30 ml
                  bot: Which size would you like? [30 ml] [50 ml] [Talk to us]
