# English: how many, and a phone number.
story: order, in English
workspace: ../workspace.json

2026-03-21 10:00  jess comments on v46: i want this
                  fired order-en
                  public: Thank you, see your inbox
                  bot: "How many would you like? (a number)"
      +1m         jess: 2
                  bot: Which phone number shall the courier call?
      +1m         jess: 081-234-5678
                  card: p_glow_serum/glow-serum-30: 2 it is, please confirm at this link.
                  state: waiting
