# English: a shade by skin tone, typed or tapped.
story: shade, in English
workspace: ../workspace.json

2026-03-21 10:00  jess comments on v46: which shade is this
                  fired shade-en
                  public: Check your inbox
                  bot: How would you describe your skin tone? Tap or type it. [Fair] [Medium] [Tan] [Talk to us]
      +1m         jess taps [Fair]
                  card: p_glow_cushion/glow-cushion-21: Here you go, tap to order.
                  state: waiting

      +1h         amy_k comments on v46: which shade is this
                  fired shade-en
                  public: Sent you a DM 💕
                  bot: How would you describe your skin tone? Tap or type it. [Fair] [Medium] [Tan] [Talk to us]
      +1m         amy_k taps [Medium]
                  card: p_glow_cushion/glow-cushion-23: Here you go, tap to order.
                  state: waiting

      +1h         sofia comments on v46: which shade is this
                  fired shade-en
                  public: We wrote to you just now
                  bot: How would you describe your skin tone? Tap or type it. [Fair] [Medium] [Tan] [Talk to us]
      +1m         sofia taps [Tan]
                  card: p_glow_cushion/glow-cushion-25: Here you go, tap to order.
                  state: waiting

      +1h         noor comments on v46: which shade is this
                  fired shade-en
                  public: Details are in your DMs
                  bot: How would you describe your skin tone? Tap or type it. [Fair] [Medium] [Tan] [Talk to us]
      +1m         noor: not sure yet
                  bot: Which foundation shade do you wear now? We will match it.
      +1m         noor: MAC NC15
                  inbox: handoff (needs help with a shade)
                  state: human (handoff)
      +5m         owner@glow.example hands back noor
                  state: waiting

      +1h         kate comments on v46: which shade is this
                  fired shade-en
                  public: Check your inbox
                  bot: How would you describe your skin tone? Tap or type it. [Fair] [Medium] [Tan] [Talk to us]
      +1m         kate taps [Talk to us]
                  inbox: handoff (needs help with a shade)
                  state: human (handoff)
      +5m         owner@glow.example hands back kate
                  state: waiting
