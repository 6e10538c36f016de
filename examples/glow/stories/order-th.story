# Thai: how many, and a phone number.
story: order, in Thai
workspace: ../workspace.json

2026-03-21 10:00  mint comments on v46: ขอสั่ง 2 ขวด
                  fired order-th
                  public: ขอบคุณค่ะ ทักไปแล้วนะคะ
                  bot: "รับกี่ชิ้นดีคะ (พิมพ์เป็นตัวเลข)"
      +1m         mint: 2
                  bot: ขอเบอร์โทรสำหรับจัดส่งด้วยค่ะ
      +1m         mint: 081-234-5678
                  card: p_glow_serum/glow-serum-30: รับ 2 ชิ้นนะคะ กดยืนยันที่ลิงก์นี้ได้เลยค่ะ
                  state: waiting
