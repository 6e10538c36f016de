# Thai: the menu for newcomers.
story: hello, in Thai
workspace: ../workspace.json

2026-03-21 10:00  mint comments on v46: สวัสดี
                  fired hello-th
                  public: สวัสดีค่ะ 💕
                  bot: สวัสดีค่ะ Glow Cosmetics ยินดีช่วยเรื่องไหนดีคะ [ดูสินค้า] [โปรโมชั่น] [คุยกับแอดมิน]
      +1m         mint taps [ดูสินค้า]
                  card: shop: นี่ค่ะลิงก์ร้าน กดตะกร้าได้เลย 🛒
                  state: waiting

      +1h         ploy_s comments on v46: สวัสดี
                  fired hello-th
                  public: สวัสดีค่ะ 💕
                  bot: สวัสดีค่ะ Glow Cosmetics ยินดีช่วยเรื่องไหนดีคะ [ดูสินค้า] [โปรโมชั่น] [คุยกับแอดมิน]
      +1m         ploy_s taps [โปรโมชั่น]
                  bot: โค้ดของคุณ ploy_s คือ GLOW15 ลด 15% ถึงอาทิตย์นี้ค่ะ
                  card: shop: นี่ค่ะลิงก์ร้าน กดตะกร้าได้เลย 🛒
                  state: waiting

      +1h         nok22 comments on v46: สวัสดี
                  fired hello-th
                  public: สวัสดีค่ะ 💕
                  bot: สวัสดีค่ะ Glow Cosmetics ยินดีช่วยเรื่องไหนดีคะ [ดูสินค้า] [โปรโมชั่น] [คุยกับแอดมิน]
      +1m         nok22 taps [คุยกับแอดมิน]
                  inbox: handoff (wrote at the menu)
                  state: human (handoff)
      +5m         mali@glow.example hands back nok22
                  state: waiting

      +1h         beam comments on v46: สวัสดี
                  fired hello-th
                  public: สวัสดีค่ะ 💕
                  bot: สวัสดีค่ะ Glow Cosmetics ยินดีช่วยเรื่องไหนดีคะ [ดูสินค้า] [โปรโมชั่น] [คุยกับแอดมิน]
      +1m         beam: ขอคุยก่อนได้มั้ย
                  inbox: handoff (wrote at the menu)
                  state: human (handoff)
      +5m         mali@glow.example hands back beam
                  state: waiting
