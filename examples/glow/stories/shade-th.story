# Thai: a shade by skin tone, typed or tapped.
story: shade, in Thai
workspace: ../workspace.json

2026-03-21 10:00  mint comments on v46: ผิวขาวใช้เบอร์ไหน
                  fired shade-th
                  public: ส่งรายละเอียดให้ในข้อความแล้วค่ะ
                  bot: ปกติสีผิวของคุณประมาณไหนคะ เลือกหรือพิมพ์บอกได้เลย [ผิวขาว] [ผิวสองสี] [ผิวแทน] [คุยกับแอดมิน]
      +1m         mint taps [ผิวขาว]
                  card: p_glow_cushion/glow-cushion-21: กดสั่งจากตรงนี้ได้เลยค่ะ
                  state: waiting

      +1h         ploy_s comments on v46: ผิวขาวใช้เบอร์ไหน
                  fired shade-th
                  public: ทักแชทไปแล้วนะคะ 💕
                  bot: ปกติสีผิวของคุณประมาณไหนคะ เลือกหรือพิมพ์บอกได้เลย [ผิวขาว] [ผิวสองสี] [ผิวแทน] [คุยกับแอดมิน]
      +1m         ploy_s taps [ผิวสองสี]
                  card: p_glow_cushion/glow-cushion-23: กดสั่งจากตรงนี้ได้เลยค่ะ
                  state: waiting

      +1h         nok22 comments on v46: ผิวขาวใช้เบอร์ไหน
                  fired shade-th
                  public: เช็กกล่องข้อความได้เลยค่ะ
                  bot: ปกติสีผิวของคุณประมาณไหนคะ เลือกหรือพิมพ์บอกได้เลย [ผิวขาว] [ผิวสองสี] [ผิวแทน] [คุยกับแอดมิน]
      +1m         nok22 taps [ผิวแทน]
                  card: p_glow_cushion/glow-cushion-25: กดสั่งจากตรงนี้ได้เลยค่ะ
                  state: waiting

      +1h         beam comments on v46: ผิวขาวใช้เบอร์ไหน
                  fired shade-th
                  public: ตอบในแชทแล้วนะคะ
                  bot: ปกติสีผิวของคุณประมาณไหนคะ เลือกหรือพิมพ์บอกได้เลย [ผิวขาว] [ผิวสองสี] [ผิวแทน] [คุยกับแอดมิน]
      +1m         beam: ขอคุยก่อนได้มั้ย
                  bot: ตอนนี้ใช้รองพื้นเบอร์อะไรอยู่คะ เดี๋ยวช่วยเทียบให้ค่ะ
      +1m         beam: MAC NC15
                  inbox: handoff (needs help with a shade)
                  state: human (handoff)
      +5m         mali@glow.example hands back beam
                  state: waiting

      +1h         fah comments on v46: ผิวขาวใช้เบอร์ไหน
                  fired shade-th
                  public: ส่งรายละเอียดให้ในข้อความแล้วค่ะ
                  bot: ปกติสีผิวของคุณประมาณไหนคะ เลือกหรือพิมพ์บอกได้เลย [ผิวขาว] [ผิวสองสี] [ผิวแทน] [คุยกับแอดมิน]
      +1m         fah taps [คุยกับแอดมิน]
                  inbox: handoff (needs help with a shade)
                  state: human (handoff)
      +5m         mali@glow.example hands back fah
                  state: waiting
