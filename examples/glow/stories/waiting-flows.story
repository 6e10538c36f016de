# While a flow waits for time, messages are kept, and nothing closes; a member may step in.
story: a word while a flow waits
workspace: ../workspace.json

2026-03-21 10:00  jess comments on v46: where to buy
                  fired link-en
                  public: Check your inbox
                  card: shop: Here is our shop 🛒
      +1h         jess: found it
                  state: bot
      +1h         bot: If anything does not work, just type it here.
                  state: waiting
      +1d         amy_k comments on v46: where to buy
                  @jess state: closed (expired)
                  fired link-en
                  public: Sent you a DM 💕
                  card: shop: Here is our shop 🛒
      +1h         owner@glow.example takes amy_k
                  state: human
      +2h         nothing
      +1m         owner@glow.example hands back amy_k
                  at later
      +2h         bot: If anything does not work, just type it here.
                  state: waiting
