# What Thai triggers take, and what looks like it and is not.
story: Thai wording
workspace: ../workspace.json

2026-03-21 10:00  mint comments on v43: ไม่สนใจ
                  nothing
      +1m         nok22 comments on v46: ใช้แล้วแพ้ง่าย แพ้ค่ะ
                  nothing
      +1m         beam comments on v46: เบอร์ 21 หรือ 23 ดี
                  fired shade-th
                  public: เช็กกล่องข้อความได้เลยค่ะ
                  bot: ปกติสีผิวของคุณประมาณไหนคะ เลือกหรือพิมพ์บอกได้เลย [ผิวขาว] [ผิวสองสี] [ผิวแทน] [คุยกับแอดมิน]
      +1m         praew comments on v46: ขอเบอร์โทรร้าน เบอร์ไหน
                  nothing
      +1m         fah comments on v46: pp ค่ะ
                  fired price-th
                  public: ส่งรายละเอียดให้ในข้อความแล้วค่ะ
                  bot: สวัสดีค่ะคุณ fah 🥰 โกลว์เซรั่ม 30 มล. 590 บาท, 50 มล. 890 บาทค่ะ
                  bot: สนใจขนาดไหนดีคะ [30 มล.] [50 มล.] [คุยกับแอดมิน]
      +1m         ploy_s comments on v46: ราคาแรง
                  nothing
      +1m         kwan comments on v46: ซื้อที่ไหน
                  fired link-th
                  public: เช็กกล่องข้อความได้เลยค่ะ
                  card: shop: นี่ค่ะลิงก์ร้าน กดตะกร้าได้เลย 🛒
      +1m         aom comments on v46: ขอ link หน่อยค่ะ
                  fired link-th
                  public: ตอบในแชทแล้วนะคะ
                  card: shop: นี่ค่ะลิงก์ร้าน กดตะกร้าได้เลย 🛒
      +1m         bow comments on v46: สนใจ
                  fired order-th
                  public: ขอบคุณค่ะ ทักไปแล้วนะคะ
                  bot: "รับกี่ชิ้นดีคะ (พิมพ์เป็นตัวเลข)"
      +1m         gift comments on v46: รับ 2
                  fired order-th
                  public: ขอบคุณค่ะ ทักไปแล้วนะคะ
                  bot: "รับกี่ชิ้นดีคะ (พิมพ์เป็นตัวเลข)"
      +1m         joy comments on v46: ไม่สนใจค่ะ
                  nothing
