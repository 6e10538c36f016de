# Vietnamese: a product by skin type.
story: skin, in Vietnamese
workspace: ../workspace.json

2026-03-21 10:00  linhchi comments on v46: da dầu dùng sao
                  fired skin-vi
                  public: Shop ib mình rồi nhé
                  bot: Da mình thuộc loại nào ạ? [Da dầu] [Da khô] [Da nhạy cảm] [Gặp nhân viên]
      +1m         linhchi taps [Da dầu]
                  card: p_yuzu_toner/yuzu-toner-150: Mình bấm vào đây để đặt nhé.
                  bot: Mình thử ở cổ tay 24 giờ trước khi dùng cho mặt nhé.
                  state: waiting

      +1h         thao_ng comments on v46: da dầu dùng sao
                  fired skin-vi
                  public: Shop nhắn tin cho mình rồi ạ 💕
                  bot: Da mình thuộc loại nào ạ? [Da dầu] [Da khô] [Da nhạy cảm] [Gặp nhân viên]
      +1m         thao_ng taps [Da khô]
                  card: p_rice_cream/rice-cream-50: Mình bấm vào đây để đặt nhé.
                  bot: Mình thử ở cổ tay 24 giờ trước khi dùng cho mặt nhé.
                  state: waiting

      +1h         minhanh comments on v46: da dầu dùng sao
                  fired skin-vi
                  public: Shop gửi chi tiết rồi ạ
                  bot: Da mình thuộc loại nào ạ? [Da dầu] [Da khô] [Da nhạy cảm] [Gặp nhân viên]
      +1m         minhanh taps [Da nhạy cảm]
                  card: p_centella_serum/centella-serum-30: Mình bấm vào đây để đặt nhé.
                  bot: Mình thử ở cổ tay 24 giờ trước khi dùng cho mặt nhé.
                  state: waiting

      +1h         huong95 comments on v46: da dầu dùng sao
                  fired skin-vi
                  public: Mình xem tin nhắn giúp shop ạ
                  bot: Da mình thuộc loại nào ạ? [Da dầu] [Da khô] [Da nhạy cảm] [Gặp nhân viên]
      +1m         huong95 taps [Gặp nhân viên]
                  inbox: handoff (asks about their skin)
                  state: human (handoff)
      +5m         linh@glow.example hands back huong95
                  state: waiting

      +1h         trang.ng comments on v46: da dầu dùng sao
                  fired skin-vi
                  public: Shop ib mình rồi nhé
                  bot: Da mình thuộc loại nào ạ? [Da dầu] [Da khô] [Da nhạy cảm] [Gặp nhân viên]
      +1m         trang.ng: cho mình hỏi thêm
                  inbox: handoff (asks about their skin)
                  state: human (handoff)
      +5m         linh@glow.example hands back trang.ng
                  state: waiting
