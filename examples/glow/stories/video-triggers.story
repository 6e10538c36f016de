# Triggers of one video each: the code, the cushion, the lip tint, the serum, the giveaway.
story: videos that have triggers of their own
workspace: ../workspace.json

2026-03-21 10:00  jess comments on v31: GLOW15
                  fired code-video
                  public: Your code is in your inbox
                  bot: Your code is GLOW15, jess: 15% off until Sunday.
                  card: p_glow_serum: Here you go, tap to order.
      +1m         jess comments on v31: nice video
                  nothing
      +1m         amy_k comments on v31: what a glow up
                  nothing
      +1m         mint comments on v33: เบอร์ 21 มีไหม
                  fired cushion-video
                  public: ตอบในแชทแล้วนะคะ
                  bot: ปกติสีผิวของคุณประมาณไหนคะ เลือกหรือพิมพ์บอกได้เลย [ผิวขาว] [ผิวสองสี] [ผิวแทน] [คุยกับแอดมิน]
      +1m         nok22 comments on v33: shade 21 for me
                  fired cushion-video
                  public: ส่งรายละเอียดให้ในข้อความแล้วค่ะ
                  bot: ปกติสีผิวของคุณประมาณไหนคะ เลือกหรือพิมพ์บอกได้เลย [ผิวขาว] [ผิวสองสี] [ผิวแทน] [คุยกับแอดมิน]
      +1m         beam comments on v33: อยากได้ Glow Cushion
                  fired cushion-video
                  public: ทักแชทไปแล้วนะคะ 💕
                  bot: ปกติสีผิวของคุณประมาณไหนคะ เลือกหรือพิมพ์บอกได้เลย [ผิวขาว] [ผิวสองสี] [ผิวแทน] [คุยกับแอดมิน]
      +1m         beam comments on v33: สวยมาก
                  nothing
      +1m         linhchi comments on v36: Glow Lip Tint xinh quá
                  fired lip-video
                  public: Shop gửi link rồi nhé 💄
                  card: shop: Link của shop đây ạ 🛒
      +1m         vy comments on v36: cho em swatch với
                  fired lip-video
                  public: Shop gửi link rồi nhé 💄
                  card: shop: Link của shop đây ạ 🛒
      +1m         vy comments on v36: yêu shop
                  nothing
      +1m         praew comments on v40: Glow Serum ดีจริงไหม
                  fired serum-video
                  public: เซรั่มใหม่มาแล้วค่ะ ส่งรายละเอียดให้ในแชทนะคะ ✨
                  bot: สวัสดีค่ะคุณ praew 🥰 โกลว์เซรั่ม 30 มล. 590 บาท, 50 มล. 890 บาทค่ะ
                  bot: สนใจขนาดไหนดีคะ [30 มล.] [50 มล.] [คุยกับแอดมิน]
      +1m         fah comments on v40: serum ตัวนี้หอมไหม
                  fired serum-video
                  public: ทักแชทไปแล้วนะคะ ✨
                  bot: สวัสดีค่ะคุณ fah 🥰 โกลว์เซรั่ม 30 มล. 590 บาท, 50 มล. 890 บาทค่ะ
                  bot: สนใจขนาดไหนดีคะ [30 มล.] [50 มล.] [คุยกับแอดมิน]
      +1m         noor comments on v40: รีวิว serum ให้หน่อย
                  nothing
      +1m         noor comments on v40: ตามมาแล้ว
                  nothing
      +1m         kate comments on v44: JOIN
                  fired giveaway-video
                  public: You are in! 🎁
                  bot: โค้ดของคุณ kate คือ GLOW15 ลด 15% ถึงอาทิตย์นี้ค่ะ
                  card: p_glow_serum: กดสั่งจากตรงนี้ได้เลยค่ะ
      +1m         kate comments on v44: joined already, good luck all
                  nothing
# The same word under another video is nobody's.
      +1m         mei comments on v46: glow15
                  trigger code-video: out_of_scope
