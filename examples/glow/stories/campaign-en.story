# English: a code, and a reminder a day later.
story: campaign, in English
workspace: ../workspace.json

2026-03-21 10:00  jess comments on v43: preorder
                  fired launch-en
                  public: The launch code is in your DMs ✨
                  bot: Your code is GLOW15, jess: 15% off until Sunday.
                  card: p_glow_serum: Here you go, tap to order.
      +24h        clock
                  bot: Your code GLOW15 runs out soon.
                  state: waiting
