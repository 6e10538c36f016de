# A cycle begins, and those who wait go out in their order.
story: a billing cycle begins
with plan.mac_limit = 1
workspace: ../workspace.json

2026-03-30 10:00  a1 comments on v46: where to buy
                  fired link-en
                  public: Check your inbox
                  card: shop: Here is our shop 🛒
                  owners: 80%, 1 of 1
                  owners: 95%, 1 of 1
                  owners: 100%, 1 of 1
      +1m         a2 comments on v46: price please
                  queued price-en until 2026-04-01 10:01
                  public: Sent you a DM 💕
      +1m         a3 comments on v46: where to buy
                  queued link-en until 2026-04-01 10:02
                  public: We wrote to you just now
      +22h        @a1 bot: If anything does not work, just type it here.
                  @a1 state: waiting
                  @a2 not counted
      +1h         @a2 bot: Hi a2 🥰 Glow Serum is 590 THB for 30 ml and 890 THB for 50 ml.
                  @a2 owners: 80%, 1 of 1
                  @a2 owners: 95%, 1 of 1
                  @a2 owners: 100%, 1 of 1
                  @a2 bot: Which size would you like? [30 ml] [50 ml] [Talk to us]
                  count: 1
                  @a2 counted
                  @a1 not counted
      +2d
                  dropped link-en (expired)
                  ...
