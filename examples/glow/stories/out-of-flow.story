# The bot does not improvise: what no flow waits for goes to people.
story: messages that no flow waits for
workspace: ../workspace.json

2026-03-21 10:00  jess: hello, do you sell in Laos?
                  out of flow
                  inbox: out_of_flow
                  state: human (out_of_flow)
      +1m         jess: anybody there?
                  inbox: buyer_message
      +1m         owner@glow.example takes jess
                  owner: owner@glow.example
      +1m         jess: hello?
                  inbox: buyer_message for owner@glow.example
      +1m         owner@glow.example writes to jess: We do, from next week.
                  nothing
      +1m         owner@glow.example closes jess
                  state: closed
      +1h         jess comments on v46: where to buy
                  fired link-en
                  public: Check your inbox
                  card: shop: Here is our shop 🛒
      +1h         jess: thanks
                  nothing
      +3h         jess: thanks again
                  bot: If anything does not work, just type it here.
                  state: waiting
                  out of flow
                  inbox: out_of_flow
                  state: human (out_of_flow)
