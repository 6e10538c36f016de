# Vietnamese: the menu for newcomers.
story: hello, in Vietnamese
workspace: ../workspace.json

2026-03-21 10:00  linhchi comments on v39: sản phẩm này ổn không?
                  fired question-vi
                  public: Shop ib mình rồi nhé
                  bot: Chào mình, Glow Cosmetics giúp gì được ạ? [Xem sản phẩm] [Khuyến mãi] [Gặp nhân viên]
      +1m         linhchi taps [Xem sản phẩm]
                  card: shop: Link của shop đây ạ 🛒
                  state: waiting

      +1h         thao_ng comments on v39: sản phẩm này ổn không?
                  fired question-vi
                  public: Shop nhắn tin cho mình rồi ạ 💕
                  bot: Chào mình, Glow Cosmetics giúp gì được ạ? [Xem sản phẩm] [Khuyến mãi] [Gặp nhân viên]
      +1m         thao_ng taps [Khuyến mãi]
                  bot: Mã của thao_ng là GLOW15, giảm 15% đến hết tuần ạ.
                  card: shop: Link của shop đây ạ 🛒
                  state: waiting

      +1h         minhanh comments on v39: sản phẩm này ổn không?
                  fired question-vi
                  public: Shop gửi chi tiết rồi ạ
                  bot: Chào mình, Glow Cosmetics giúp gì được ạ? [Xem sản phẩm] [Khuyến mãi] [Gặp nhân viên]
      +1m         minhanh taps [Gặp nhân viên]
                  inbox: handoff (wrote at the menu)
                  state: human (handoff)
      +5m         linh@glow.example hands back minhanh
                  state: waiting

      +1h         huong95 comments on v39: sản phẩm này ổn không?
                  fired question-vi
                  public: Mình xem tin nhắn giúp shop ạ
                  bot: Chào mình, Glow Cosmetics giúp gì được ạ? [Xem sản phẩm] [Khuyến mãi] [Gặp nhân viên]
      +1m         huong95: cho mình hỏi thêm
                  inbox: handoff (wrote at the menu)
                  state: human (handoff)
      +5m         linh@glow.example hands back huong95
                  state: waiting
