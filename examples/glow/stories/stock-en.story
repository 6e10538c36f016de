# English: a restock notice by email.
story: stock, in English
workspace: ../workspace.json

2026-03-21 10:00  jess comments on v46: in stock yet
                  fired stock-en
                  public: Check your inbox
                  bot: Which one are you looking for? [Serum] [Cushion] [Lip]
      +1m         jess taps [Serum]
                  card: p_glow_serum/glow-serum-30: Here you go, tap to order.
                  state: waiting

      +1h         amy_k comments on v46: in stock yet
                  fired stock-en
                  public: Sent you a DM 💕
                  bot: Which one are you looking for? [Serum] [Cushion] [Lip]
      +1m         amy_k: 2
                  bot: It is on its way. May we have your email to tell you?
      +1m         amy_k: not sure yet
                  mismatch
                  bot: It is on its way. May we have your email to tell you?
      +1m         amy_k: me@mail.example
                  bot: Done! We will write to me@mail.example when it is back.
                  state: waiting

      +1h         sofia comments on v46: in stock yet
                  fired stock-en
                  public: We wrote to you just now
                  bot: Which one are you looking for? [Serum] [Cushion] [Lip]
      +1m         sofia taps [Lip]
                  bot: It is on its way. May we have your email to tell you?
      +1m         sofia: you@mail.example
                  bot: Done! We will write to you@mail.example when it is back.
                  state: waiting
