2026-03-02 10:00  mint comments on v1: PRICE?
                  fird price
