# a buyer asks the price and takes the 50 ml
story: the price, and a card
workspace: talk.json

2026-03-02 10:00  mint comments on v1: PRICE?
                  awaiting message price until 2026-03-04 10:00
                  public: Check your inbox
      +1m         mint: hi
                  bot: Hi mint! It is 590 THB.
                  owners: 80%
                  owners: 95%
                  owners: 100%, 1 of 1
                  bot: Which size? [30ml] [50ml] [Talk to us]
      +5m         mint taps [50ml]
                  card: p_serum/s50
                  state: waiting
      +25h        state: closed (expired)
