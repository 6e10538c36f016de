# Vietnamese: how long a parcel takes, by postal code.
story: shipping, in Vietnamese
workspace: ../workspace.json

2026-03-21 10:00  linhchi comments on v46: phí ship sao
                  fired shipping-vi
                  public: Shop ib mình rồi nhé
                  bot: Phí ship 25.000đ, đơn từ 300.000đ miễn phí, có COD ạ.
                  bot: Cho shop xin mã bưu chính 5 hoặc 6 số để xem ngày giao ạ.
      +1m         linhchi: 100000
                  bot: Hà Nội giao trong 1-2 ngày ạ.
                  card: shop: Mình bấm vào đây để đặt nhé.
                  state: waiting

      +1h         thao_ng comments on v46: phí ship sao
                  fired shipping-vi
                  public: Shop nhắn tin cho mình rồi ạ 💕
                  bot: Phí ship 25.000đ, đơn từ 300.000đ miễn phí, có COD ạ.
                  bot: Cho shop xin mã bưu chính 5 hoặc 6 số để xem ngày giao ạ.
      +1m         thao_ng: cho mình hỏi thêm
                  mismatch
                  bot: Cho shop xin mã bưu chính 5 hoặc 6 số để xem ngày giao ạ.
      +1m         thao_ng: 83000
                  bot: Mã 83000 giao trong 2-4 ngày ạ.
                  card: shop: Mình bấm vào đây để đặt nhé.
                  state: waiting
