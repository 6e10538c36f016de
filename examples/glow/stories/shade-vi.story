# Vietnamese: a shade by skin tone, typed or tapped.
story: shade, in Vietnamese
workspace: ../workspace.json

2026-03-21 10:00  linhchi comments on v46: tông nào hợp
                  fired shade-vi
                  public: Shop ib mình rồi nhé
                  bot: Tông da của mình thế nào ạ? Chọn hoặc nhắn cho shop nhé. [Da trắng] [Da vàng] [Da ngăm] [Gặp nhân viên]
      +1m         linhchi taps [Da trắng]
                  card: p_glow_cushion/glow-cushion-21: Mình bấm vào đây để đặt nhé.
                  state: waiting

      +1h         thao_ng comments on v46: tông nào hợp
                  fired shade-vi
                  public: Shop nhắn tin cho mình rồi ạ 💕
                  bot: Tông da của mình thế nào ạ? Chọn hoặc nhắn cho shop nhé. [Da trắng] [Da vàng] [Da ngăm] [Gặp nhân viên]
      +1m         thao_ng taps [Da vàng]
                  card: p_glow_cushion/glow-cushion-23: Mình bấm vào đây để đặt nhé.
                  state: waiting

      +1h         minhanh comments on v46: tông nào hợp
                  fired shade-vi
                  public: Shop gửi chi tiết rồi ạ
                  bot: Tông da của mình thế nào ạ? Chọn hoặc nhắn cho shop nhé. [Da trắng] [Da vàng] [Da ngăm] [Gặp nhân viên]
      +1m         minhanh taps [Da ngăm]
                  card: p_glow_cushion/glow-cushion-25: Mình bấm vào đây để đặt nhé.
                  state: waiting

      +1h         huong95 comments on v46: tông nào hợp
                  fired shade-vi
                  public: Mình xem tin nhắn giúp shop ạ
                  bot: Tông da của mình thế nào ạ? Chọn hoặc nhắn cho shop nhé. [Da trắng] [Da vàng] [Da ngăm] [Gặp nhân viên]
      +1m         huong95: cho mình hỏi thêm
                  bot: Mình đang dùng kem nền tông nào ạ? Shop so giúp mình.
      +1m         huong95: MAC NC15
                  inbox: handoff (needs help with a shade)
                  state: human (handoff)
      +5m         linh@glow.example hands back huong95
                  state: waiting

      +1h         trang.ng comments on v46: tông nào hợp
                  fired shade-vi
                  public: Shop ib mình rồi nhé
                  bot: Tông da của mình thế nào ạ? Chọn hoặc nhắn cho shop nhé. [Da trắng] [Da vàng] [Da ngăm] [Gặp nhân viên]
      +1m         trang.ng taps [Gặp nhân viên]
                  inbox: handoff (needs help with a shade)
                  state: human (handoff)
      +5m         linh@glow.example hands back trang.ng
                  state: waiting
