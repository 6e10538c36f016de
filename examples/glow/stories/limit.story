# At the limit the flow waits for room, and the owners are told on the way.
story: the limit of contacts
with plan.mac_limit = 5
workspace: ../workspace.json

2026-03-21 10:00  a1 comments on v46: where to buy
                  fired link-en
                  public: Check your inbox
                  card: shop: Here is our shop 🛒
      +1m         a2 comments on v46: where to buy
                  fired link-en
                  public: Sent you a DM 💕
                  card: shop: Here is our shop 🛒
      +1m         a3 comments on v46: where to buy
                  fired link-en
                  public: We wrote to you just now
                  card: shop: Here is our shop 🛒
      +1m         a4 comments on v46: where to buy
                  fired link-en
                  public: Details are in your DMs
                  card: shop: Here is our shop 🛒
                  owners: 80%, 4 of 5
      +1m         a5 comments on v46: where to buy
                  fired link-en
                  public: Check your inbox
                  card: shop: Here is our shop 🛒
                  owners: 95%, 5 of 5
                  owners: 100%, 5 of 5
                  count: 5
      +1m         a6 comments on v46: where to buy
                  queued link-en until 2026-03-23 10:05
                  public: Sent you a DM 💕
                  not counted
      +1m         a7 comments on v46: where to buy
                  queued link-en until 2026-03-23 10:06
                  public: We wrote to you just now
      +1m         a8 comments on v46 as a8c: where to buy
                  queued link-en until 2026-03-23 10:07
                  public: Check your inbox
# Who counts already is served as ever, and people may always write.
      +1m         a1 comments on v46: price please
                  fired price-en
                  public: Check your inbox
                  bot: Hi a1 🥰 Glow Serum is 590 THB for 30 ml and 890 THB for 50 ml.
                  bot: Which size would you like? [30 ml] [50 ml] [Talk to us]
      +1m         owner@glow.example writes to a9: Hello
                  state: human
                  count: 6
      +1m         a8's comment is removed
                  dropped link-en (comment_removed)
      +1m         a6 comments on v46: price please
                  queued price-en until 2026-03-23 10:11
                  dropped link-en (replaced)
                  public: We wrote to you just now
# Room for one more: the oldest goes first.
      +1m         configure plan.mac_limit = 7
                  @a7 card: shop: Here is our shop 🛒
                  @a7 owners: 95%, 7 of 7
                  @a7 owners: 100%, 7 of 7
                  count: 7
      +2d
                  dropped price-en (expired)
                  ...
