# Who may do what: only active members act, handing back needs a person in charge, and the owner stays.
story: members take, assign, hand back, close
workspace: ../workspace.json

2026-03-21 10:00  jess comments on v46: price please
                  fired price-en
                  public: Check your inbox
                  bot: Hi jess 🥰 Glow Serum is 590 THB for 30 ml and 890 THB for 50 ml.
                  bot: Which size would you like? [30 ml] [50 ml] [Talk to us]
      +1m         nok@glow.example takes jess
                  refused: not_a_member
      +1m         ploy@glow.example takes jess
                  refused: not_a_member
      +1m         owner@glow.example hands back jess
                  refused: not_human
      +1m         OWNER@glow.example takes jess
                  state: human
                  owner: owner@glow.example
      +1m         owner@glow.example assigns jess to nok@glow.example
                  refused: not_a_member
      +1m         owner@glow.example assigns jess to mali@glow.example
                  owner: mali@glow.example
      +1m         jess: which one is better?
                  inbox: buyer_message for mali@glow.example
      +1m         linh@glow.example writes to jess with card p_glow_serum/glow-serum-50: The bigger one.
                  owner: mali@glow.example
      +1m         jess comments on v46: in stock yet
                  not fired: with_human stock-en
      +1m         mali@glow.example hands back jess
                  bot: Which size would you like? [30 ml] [50 ml] [Talk to us]
                  at size
      +1m         mali@glow.example closes jess
                  state: closed
                  owner: mali@glow.example
      +1m         mali@glow.example hands back jess
                  refused: no_open_conversation
      +1m         mali@glow.example closes jess
                  refused: no_open_conversation
      +1m         linh@glow.example writes to jess: One more thing.
                  state: human
                  owner: linh@glow.example
      +1m         owner@glow.example closes jess
                  state: closed
