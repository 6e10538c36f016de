# Vietnamese: how many, and a phone number.
story: order, in Vietnamese
workspace: ../workspace.json

2026-03-21 10:00  linhchi comments on v46: lấy em 2
                  fired order-vi
                  public: Cảm ơn mình, shop ib rồi ạ
                  bot: "Mình lấy mấy sản phẩm ạ? (nhắn số)"
      +1m         linhchi: 2
                  bot: Cho shop xin số điện thoại giao hàng ạ.
      +1m         linhchi: 081-234-5678
                  card: p_glow_serum/glow-serum-30: 2 sản phẩm nhé ạ, mình xác nhận ở link này giúp shop.
                  state: waiting
