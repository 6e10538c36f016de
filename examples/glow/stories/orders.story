# Which conversation an order came from, and what becomes of its money.
story: orders
workspace: ../workspace.json

2026-03-21 10:00  jess comments on v46: price please
                  fired price-en
                  public: Check your inbox
                  bot: Hi jess 🥰 Glow Serum is 590 THB for 30 ml and 890 THB for 50 ml.
                  bot: Which size would you like? [30 ml] [50 ml] [Talk to us]
      +1m         jess: 50 ml
                  card: p_glow_serum/glow-serum-50: Here you go, tap to order.
      +1h         jess orders: glow-serum-50 89000 THB
                  order: attributed to price-en, block card50, overlap 89000
                  order o1: attributed 89000, overlap 89000
      +1h         jess orders: glow-cushion-21 45000, glow-serum-50 x2 178000 = 223000 THB
                  order: attributed to price-en, block card50, overlap 178000
      +1h         order o1 is refunded 9000 as r1
                  order o1: attributed 80000, overlap 80000
      +1s         order o1 is refunded 9000 as r1
                  nothing
      +1h         order o1 is cancelled
                  order o1: attributed 0, overlap 0, cancelled
      +1h         jess orders: glow-cushion-21 45000 THB
                  order: soft to price-en, block card50
      +1h         ploy@glow.example confirms order o3
                  refused: not_a_member
      +1h         owner@glow.example confirms order o3
                  order o3: attributed 45000, overlap 0
      +1h         owner@glow.example rejects order o3
                  refused: already_reviewed
      +1h         shop:7494 orders: glow-serum-50 89000 THB
                  order: organic (unknown_contact)
      +1h         jess is shop:7494
                  nothing
      +1h         shop:7494 orders: glow-serum-50 89000 THB, placed 1h ago
                  order: attributed to price-en, block card50, overlap 89000
      +13d        jess orders: glow-serum-50 89000 THB
                  bot: Still thinking about 50 ml? Shipping is free until midnight.
                  state: waiting
                  state: closed (expired)
                  order: attributed to price-en, block card50, overlap 89000
      +1d         jess orders: glow-serum-50 89000 THB
                  order: organic (no_recent_link)
      +1h         order o99 is cancelled
                  refused: unknown_order
