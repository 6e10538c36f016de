# In a Live people write a code and a number; the trigger fires again after an hour.
story: claiming in a Live
workspace: ../workspace.json

2026-03-21 20:00  mint comments on v45: CF 12
                  fired live-cf
                  public: CF ✅
                  bot: "รับกี่ชิ้นดีคะ (พิมพ์เป็นตัวเลข)"
      +1m         mint: 2
                  bot: ขอเบอร์โทรสำหรับจัดส่งด้วยค่ะ
      +1m         mint: 081 234 5678
                  card: p_glow_serum/glow-serum-30: รับ 2 ชิ้นนะคะ กดยืนยันที่ลิงก์นี้ได้เลยค่ะ
                  state: waiting
      +30m        mint comments on v45: cf 13
                  not fired: throttled live-cf until 2026-03-21 21:00
      +28m        mint comments on v45: cf 13
                  fired live-cf
                  public: CF ✅
                  bot: "รับกี่ชิ้นดีคะ (พิมพ์เป็นตัวเลข)"
      +1m         dewi comments on v45: เอฟ
                  fired live-cf
                  public: รับ CF แล้วค่ะ 🛒
                  bot: "รับกี่ชิ้นดีคะ (พิมพ์เป็นตัวเลข)"
      +1m         sari99 comments on v45: keren
                  nothing
