# Thai: how long a parcel takes, by postal code.
story: shipping, in Thai
workspace: ../workspace.json

2026-03-21 10:00  mint comments on v46: ค่าส่งเท่าไหร่
                  fired shipping-th
                  public: ส่งรายละเอียดให้ในข้อความแล้วค่ะ
                  bot: ค่าส่ง 30 บาท ครบ 499 ส่งฟรี มีเก็บปลายทางค่ะ
                  bot: ขอรหัสไปรษณีย์ 5 หลัก เดี๋ยวเช็กวันส่งให้ค่ะ
      +1m         mint: 10110
                  bot: กรุงเทพฯ ส่งถึงใน 1-2 วันค่ะ
                  card: shop: กดสั่งจากตรงนี้ได้เลยค่ะ
                  state: waiting

      +1h         ploy_s comments on v46: ค่าส่งเท่าไหร่
                  fired shipping-th
                  public: ทักแชทไปแล้วนะคะ 💕
                  bot: ค่าส่ง 30 บาท ครบ 499 ส่งฟรี มีเก็บปลายทางค่ะ
                  bot: ขอรหัสไปรษณีย์ 5 หลัก เดี๋ยวเช็กวันส่งให้ค่ะ
      +1m         ploy_s: ขอคุยก่อนได้มั้ย
                  mismatch
                  bot: ขอรหัสไปรษณีย์ 5 หลัก เดี๋ยวเช็กวันส่งให้ค่ะ
      +1m         ploy_s: 83000
                  bot: รหัส 83000 ส่งถึงใน 2-4 วันค่ะ
                  card: shop: กดสั่งจากตรงนี้ได้เลยค่ะ
                  state: waiting
