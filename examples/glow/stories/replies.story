# Labels, numbers, taps and what is neither. At the second miss in a row a person takes over.
story: replies that are taken and that are not
workspace: ../workspace.json

2026-03-21 10:00  jess comments on v46: in stock yet
                  fired stock-en
                  public: Check your inbox
                  bot: Which one are you looking for? [Serum] [Cushion] [Lip]
      +1m         jess: the blue one
                  mismatch
                  bot: Which one are you looking for? [Serum] [Cushion] [Lip]
      +1m         jess: 2
                  bot: It is on its way. May we have your email to tell you?
                  field product = Cushion
      +1m         jess: jess at mail
                  mismatch
                  bot: It is on its way. May we have your email to tell you?
      +1m         jess: JESS@mail.example
                  bot: Done! We will write to JESS@mail.example when it is back.
                  state: waiting
                  field email = JESS@mail.example
      +1m         amy_k comments on v46: in stock yet
                  fired stock-en
                  public: Sent you a DM 💕
                  bot: Which one are you looking for? [Serum] [Cushion] [Lip]
      +1m         amy_k: the blue one
                  mismatch
                  bot: Which one are you looking for? [Serum] [Cushion] [Lip]
      +1m         amy_k sends nothing
                  mismatch
                  inbox: unrecognized_replies
                  state: human (unrecognized_replies)
      +1m         amy_k: hello?
                  inbox: buyer_message
      +1m         owner@glow.example hands back amy_k
                  bot: Which one are you looking for? [Serum] [Cushion] [Lip]
                  at which
      +1m         amy_k taps [Serum]
                  card: p_glow_serum/glow-serum-30: Here you go, tap to order.
                  state: waiting
      +1m         sofia comments on v46: price please
                  fired price-en
                  public: We wrote to you just now
                  bot: Hi sofia 🥰 Glow Serum is 590 THB for 30 ml and 890 THB for 50 ml.
                  bot: Which size would you like? [30 ml] [50 ml] [Talk to us]
# A stale button: the option is not one of this block's, and free text does not take it.
      +1m         sofia taps [offers]
                  mismatch
                  bot: Which size would you like? [30 ml] [50 ml] [Talk to us]
      +1m         sofia taps [offers]: 30 ml
                  mismatch
                  inbox: unrecognized_replies
                  state: human (unrecognized_replies)
