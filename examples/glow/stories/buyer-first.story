# Where nobody may be written to first, the flow waits for the buyer's word, and each word is worth one message.
story: reach: the buyer writes first
with policy.reach.mode = "buyer_first"
with policy.reach.messages_per_window = 1
workspace: ../workspace.json

2026-03-21 10:00  jess comments on v46: price please
                  awaiting message price-en until 2026-03-23 10:00
                  public: Check your inbox
                  not counted
      +1h         jess: hi
                  bot: Hi jess 🥰 Glow Serum is 590 THB for 30 ml and 890 THB for 50 ml.
                  state: waiting
                  counted
                  at size
      +1m         jess: so?
                  bot: Which size would you like? [30 ml] [50 ml] [Talk to us]
      +1m         jess: 50 ml
                  card: p_glow_serum/glow-serum-50: Here you go, tap to order.
# The budget is spent: the reminder is held until the buyer writes again.
      +20h        state: waiting
                  at nudge
      +1m         jess: are you there?
                  bot: Still thinking about 50 ml? Shipping is free until midnight.
                  at the end
      +1m         amy_k comments on v46: price please
                  awaiting message price-en until 2026-03-24 07:04
                  public: Sent you a DM 💕
      +47h59m     @jess state: closed (expired)
      +1m
                  @amy_k dropped price-en (expired)
                  ...
      +1m         amy_k: hello
                  out of flow
                  inbox: out_of_flow
                  state: human (out_of_flow)
      +1m         owner@glow.example writes to sofia: Hi
                  refused: outside_window
      +1m         noor comments on v46 as n1: price please
                  awaiting message price-en until 2026-03-26 07:07
                  public: Sent you a DM 💕
      +1m         comment n1 is removed
                  dropped price-en (comment_removed)
      +1m         noor comments on v46: where to buy
                  awaiting message link-en until 2026-03-26 07:09
                  public: Details are in your DMs
      +1m         noor comments on v46: do you ship here
                  awaiting message shipping-en until 2026-03-26 07:10
                  dropped link-en (replaced)
                  public: Check your inbox
      +1m         owner@glow.example blocks noor
                  dropped shipping-en (blocked)
