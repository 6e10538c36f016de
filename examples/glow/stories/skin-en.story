# English: a product by skin type.
story: skin, in English
workspace: ../workspace.json

2026-03-21 10:00  jess comments on v46: ok for oily skin
                  fired skin-en
                  public: Check your inbox
                  bot: What is your skin type? [Oily] [Dry] [Sensitive] [Talk to us]
      +1m         jess taps [Oily]
                  card: p_yuzu_toner/yuzu-toner-150: Here you go, tap to order.
                  bot: Please try it on your arm for 24 hours before your face.
                  state: waiting

      +1h         amy_k comments on v46: ok for oily skin
                  fired skin-en
                  public: Sent you a DM 💕
                  bot: What is your skin type? [Oily] [Dry] [Sensitive] [Talk to us]
      +1m         amy_k taps [Dry]
                  card: p_rice_cream/rice-cream-50: Here you go, tap to order.
                  bot: Please try it on your arm for 24 hours before your face.
                  state: waiting

      +1h         sofia comments on v46: ok for oily skin
                  fired skin-en
                  public: We wrote to you just now
                  bot: What is your skin type? [Oily] [Dry] [Sensitive] [Talk to us]
      +1m         sofia taps [Sensitive]
                  card: p_centella_serum/centella-serum-30: Here you go, tap to order.
                  bot: Please try it on your arm for 24 hours before your face.
                  state: waiting

      +1h         noor comments on v46: ok for oily skin
                  fired skin-en
                  public: Details are in your DMs
                  bot: What is your skin type? [Oily] [Dry] [Sensitive] [Talk to us]
      +1m         noor taps [Talk to us]
                  inbox: handoff (asks about their skin)
                  state: human (handoff)
      +5m         owner@glow.example hands back noor
                  state: waiting

      +1h         kate comments on v46: ok for oily skin
                  fired skin-en
                  public: Check your inbox
                  bot: What is your skin type? [Oily] [Dry] [Sensitive] [Talk to us]
      +1m         kate: not sure yet
                  inbox: handoff (asks about their skin)
                  state: human (handoff)
      +5m         owner@glow.example hands back kate
                  state: waiting
