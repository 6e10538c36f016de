# A blocked contact is heard and not answered; nothing resumes by itself.
story: blocking and unblocking
workspace: ../workspace.json

2026-03-21 10:00  jess comments on v46: price please
                  fired price-en
                  public: Check your inbox
                  bot: Hi jess 🥰 Glow Serum is 590 THB for 30 ml and 890 THB for 50 ml.
                  bot: Which size would you like? [30 ml] [50 ml] [Talk to us]
      +1m         owner@glow.example blocks jess
                  state: closed (blocked)
                  blocked
      +1m         jess: why?
                  nothing
      +1d1m       jess comments on v46: price please
                  not fired: blocked_contact price-en
      +1m         owner@glow.example unblocks jess
                  not blocked
      +1m         jess comments on v46: price please
                  fired price-en
                  public: We wrote to you just now
                  bot: Hi jess 🥰 Glow Serum is 590 THB for 30 ml and 890 THB for 50 ml.
                  bot: Which size would you like? [30 ml] [50 ml] [Talk to us]
