# Vietnamese: a restock notice by email.
story: stock, in Vietnamese
workspace: ../workspace.json

2026-03-21 10:00  linhchi comments on v46: còn hàng shop
                  fired stock-vi
                  public: Shop ib mình rồi nhé
                  bot: Mình hỏi sản phẩm nào ạ? [Serum] [Cushion] [Son]
      +1m         linhchi taps [Serum]
                  card: p_glow_serum/glow-serum-30: Mình bấm vào đây để đặt nhé.
                  state: waiting

      +1h         thao_ng comments on v46: còn hàng shop
                  fired stock-vi
                  public: Shop nhắn tin cho mình rồi ạ 💕
                  bot: Mình hỏi sản phẩm nào ạ? [Serum] [Cushion] [Son]
      +1m         thao_ng: 2
                  bot: Hàng đang về ạ. Cho shop xin email để báo mình nhé?
      +1m         thao_ng: cho mình hỏi thêm
                  mismatch
                  bot: Hàng đang về ạ. Cho shop xin email để báo mình nhé?
      +1m         thao_ng: me@mail.example
                  bot: Xong rồi ạ, có hàng shop báo vào me@mail.example.
                  state: waiting

      +1h         minhanh comments on v46: còn hàng shop
                  fired stock-vi
                  public: Shop gửi chi tiết rồi ạ
                  bot: Mình hỏi sản phẩm nào ạ? [Serum] [Cushion] [Son]
      +1m         minhanh taps [Son]
                  bot: Hàng đang về ạ. Cho shop xin email để báo mình nhé?
      +1m         minhanh: you@mail.example
                  bot: Xong rồi ạ, có hàng shop báo vào you@mail.example.
                  state: waiting
