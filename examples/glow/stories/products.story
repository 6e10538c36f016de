# A product is named, with a question mark or a word that asks.
story: questions that name a product
workspace: ../workspace.json

2026-03-21 10:00  mint comments on v46: Glow Sunscreen spf เท่าไร
                  fired price-th
                  public: ส่งรายละเอียดให้ในข้อความแล้วค่ะ
                  bot: สวัสดีค่ะคุณ mint 🥰 โกลว์เซรั่ม 30 มล. 590 บาท, 50 มล. 890 บาทค่ะ
                  bot: สนใจขนาดไหนดีคะ [30 มล.] [50 มล.] [คุยกับแอดมิน]
      +1m         nok22 comments on v46: Rice Sunscreen วอกไหมคะ
                  fired sunscreen-ask
                  public: ทักแชทไปแล้วนะคะ 💕
                  bot: ผิวของคุณเป็นแบบไหนคะ [ผิวมัน] [ผิวแห้ง] [ผิวแพ้ง่าย] [คุยกับแอดมิน]
      +1m         beam comments on v46: Glow Toner ดีไหมคะ?
                  fired product-th
                  public: เช็กกล่องข้อความได้เลยค่ะ
                  bot: ผิวของคุณเป็นแบบไหนคะ [ผิวมัน] [ผิวแห้ง] [ผิวแพ้ง่าย] [คุยกับแอดมิน]
      +1m         jess comments on v46: is Glow Cushion cruelty free?
                  fired product-ask
                  public: Details are in your DMs
                  card: shop: Here is our shop 🛒
      +1m         amy_k comments on v46: love Glow Cushion
                  nothing
      +1m         sofia comments on v46: 🛒
                  fired cart-emoji
                  public: 🛒💌
                  card: shop: Here is our shop 🛒
      +1m         noor comments on v43: 🔥🔥🔥 finally
                  fired fire-launch
                  public: 🔥 → 💌
                  bot: Your code is GLOW15, noor: 15% off until Sunday.
                  card: p_glow_serum: Here you go, tap to order.
      +1m         kate comments on v43: so 🔥🔥🔥
                  nothing
      +1m         fah comments on v39: อันนี้ดีไหมคะ?
                  fired question-th
                  public: ส่งรายละเอียดให้ในข้อความแล้วค่ะ
                  bot: สวัสดีค่ะ Glow Cosmetics ยินดีช่วยเรื่องไหนดีคะ [ดูสินค้า] [โปรโมชั่น] [คุยกับแอดมิน]
      +1m         mei comments on v39: is it any good?
                  fired question-en
                  public: We wrote to you just now
                  bot: Hi, this is Glow Cosmetics. What can we do for you? [See products] [Offers] [Talk to us]
      +1m         mei comments on v39: thanks
                  nothing
