2026-03-02 10:00  mint comments on v1: PRICE?
                  fired price
                  public: Check your inbox
                  bot: Hi mint! It is 590 THB.
      +1m         noi comments on v1: nice
                  fired
                  field size = 30ml
