# A trigger that fires while a flow waits goes on in its place, in the same conversation; what was captured stays.
story: another question in the middle
workspace: ../workspace.json

2026-03-21 10:00  jess comments on v46: ok for oily skin
                  fired skin-en
                  public: Check your inbox
                  bot: What is your skin type? [Oily] [Dry] [Sensitive] [Talk to us]
      +1m         jess taps [Oily]
                  card: p_yuzu_toner/yuzu-toner-150: Here you go, tap to order.
                  bot: Please try it on your arm for 24 hours before your face.
                  state: waiting
                  field skin = Oily
      +1m         jess comments on v46: price please
                  fired price-en
                  public: Sent you a DM 💕
                  bot: Hi jess 🥰 Glow Serum is 590 THB for 30 ml and 890 THB for 50 ml.
                  bot: Which size would you like? [30 ml] [50 ml] [Talk to us]
                  no field size
      +1m         jess comments on v46: in stock yet
                  fired stock-en
                  public: We wrote to you just now
                  bot: Which one are you looking for? [Serum] [Cushion] [Lip]
                  at which
      +1m         jess taps [50 ml]
                  mismatch
                  bot: Which one are you looking for? [Serum] [Cushion] [Lip]
                  field skin = Oily
      +1m         jess: Serum
                  card: p_glow_serum/glow-serum-30: Here you go, tap to order.
                  state: waiting
                  tag: asked-stock
