# What Vietnamese triggers take, with and without marks.
story: Vietnamese wording
workspace: ../workspace.json

2026-03-21 10:00  linhchi comments on v46: giá
                  fired price-vi
                  public: Shop ib mình rồi nhé
                  bot: Chào linhchi ạ 🥰 Glow Serum 30ml giá 420.000đ, 50ml giá 630.000đ ạ.
                  bot: Mình thích dung tích nào ạ? [Chai 30ml] [Chai 50ml] [Gặp nhân viên]
      +1m         vy comments on v46: gia
                  fired price-vi
                  public: Shop nhắn tin cho mình rồi ạ 💕
                  bot: Chào vy ạ 🥰 Glow Serum 30ml giá 420.000đ, 50ml giá 630.000đ ạ.
                  bot: Mình thích dung tích nào ạ? [Chai 30ml] [Chai 50ml] [Gặp nhân viên]
      +1m         thao_ng comments on v46: đặt 2 cây
                  fired order-vi
                  public: Cảm ơn mình, shop ib rồi ạ
                  bot: "Mình lấy mấy sản phẩm ạ? (nhắn số)"
      +1m         minhanh comments on v46: xịn quá
                  nothing
