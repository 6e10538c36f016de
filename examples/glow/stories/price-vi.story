# Vietnamese: the price, the size, the card, and a reminder the next day.
story: price, in Vietnamese
workspace: ../workspace.json

2026-03-21 10:00  linhchi comments on v46: giá bao nhiêu ạ
                  fired price-vi
                  public: Shop ib mình rồi nhé
                  bot: Chào linhchi ạ 🥰 Glow Serum 30ml giá 420.000đ, 50ml giá 630.000đ ạ.
                  bot: Mình thích dung tích nào ạ? [Chai 30ml] [Chai 50ml] [Gặp nhân viên]
      +1m         linhchi: Chai 50ml
                  card: p_glow_serum/glow-serum-50: Mình bấm vào đây để đặt nhé.
      +21h        clock
                  bot: Mình còn quan tâm Chai 50ml không ạ? Hôm nay miễn phí ship đến nửa đêm.
                  state: waiting

      +1h         thao_ng comments on v46: giá bao nhiêu ạ
                  fired price-vi
                  public: Shop nhắn tin cho mình rồi ạ 💕
                  bot: Chào thao_ng ạ 🥰 Glow Serum 30ml giá 420.000đ, 50ml giá 630.000đ ạ.
                  bot: Mình thích dung tích nào ạ? [Chai 30ml] [Chai 50ml] [Gặp nhân viên]
      +1m         thao_ng taps [Chai 30ml]
                  card: p_glow_serum/glow-serum-30: Mình bấm vào đây để đặt nhé.
      +21h        clock
                  bot: Mình còn quan tâm Chai 30ml không ạ? Hôm nay miễn phí ship đến nửa đêm.
                  state: waiting

      +1h         minhanh comments on v46: giá bao nhiêu ạ
                  @linhchi state: closed (expired)
                  fired price-vi
                  public: Shop gửi chi tiết rồi ạ
                  bot: Chào minhanh ạ 🥰 Glow Serum 30ml giá 420.000đ, 50ml giá 630.000đ ạ.
                  bot: Mình thích dung tích nào ạ? [Chai 30ml] [Chai 50ml] [Gặp nhân viên]
      +1m         minhanh taps [Gặp nhân viên]
                  inbox: handoff (asked for a person about the price)
                  state: human (handoff)
      +5m         linh@glow.example hands back minhanh
                  state: waiting

      +1h         huong95 comments on v46: giá bao nhiêu ạ
                  fired price-vi
                  public: Mình xem tin nhắn giúp shop ạ
                  bot: Chào huong95 ạ 🥰 Glow Serum 30ml giá 420.000đ, 50ml giá 630.000đ ạ.
                  bot: Mình thích dung tích nào ạ? [Chai 30ml] [Chai 50ml] [Gặp nhân viên]
      +1m         huong95: cho mình hỏi thêm
                  inbox: handoff (asked for a person about the price)
                  state: human (handoff)
      +5m         linh@glow.example hands back huong95
                  state: waiting
