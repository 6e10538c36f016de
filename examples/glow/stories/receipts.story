# What became of a message: later stages replace earlier ones, and what failed or was delivered stays so.
story: receipts
workspace: ../workspace.json

2026-03-21 10:00  jess comments on v46: price please
                  fired price-en
                  public: Check your inbox
                  bot: Hi jess 🥰 Glow Serum is 590 THB for 30 ml and 890 THB for 50 ml.
                  bot: Which size would you like? [30 ml] [50 ml] [Talk to us]
                  dm: queued
      +1s         receipt sent for jess
                  dm: sent
      +1s         receipt read for jess
                  dm: read
      +1s         receipt delivered for jess
                  dm: read
      +1s         receipt failed for jess: friends only
                  dm: read
      +1s         receipt sent for dm "nobody/0"
                  refused: unknown_dm

2026-03-21 10:30  tom comments on v46: price please
                  fired price-en
                  public: Sent you a DM 💕
                  bot: Hi tom 🥰 Glow Serum is 590 THB for 30 ml and 890 THB for 50 ml.
                  bot: Which size would you like? [30 ml] [50 ml] [Talk to us]
      +1s         receipt failed for tom: friends only
                  dm: failed
      +1s         receipt sent for tom
                  dm: failed
