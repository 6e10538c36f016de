# Thai: a product by skin type.
story: skin, in Thai
workspace: ../workspace.json

2026-03-21 10:00  mint comments on v46: หน้ามัน ใช้ได้ไหม
                  fired skin-th
                  public: ส่งรายละเอียดให้ในข้อความแล้วค่ะ
                  bot: ผิวของคุณเป็นแบบไหนคะ [ผิวมัน] [ผิวแห้ง] [ผิวแพ้ง่าย] [คุยกับแอดมิน]
      +1m         mint taps [ผิวมัน]
                  card: p_yuzu_toner/yuzu-toner-150: กดสั่งจากตรงนี้ได้เลยค่ะ
                  bot: ลองที่ท้องแขนก่อน 24 ชั่วโมงนะคะ แล้วค่อยใช้กับหน้า
                  state: waiting

      +1h         ploy_s comments on v46: หน้ามัน ใช้ได้ไหม
                  fired skin-th
                  public: ทักแชทไปแล้วนะคะ 💕
                  bot: ผิวของคุณเป็นแบบไหนคะ [ผิวมัน] [ผิวแห้ง] [ผิวแพ้ง่าย] [คุยกับแอดมิน]
      +1m         ploy_s taps [ผิวแห้ง]
                  card: p_rice_cream/rice-cream-50: กดสั่งจากตรงนี้ได้เลยค่ะ
                  bot: ลองที่ท้องแขนก่อน 24 ชั่วโมงนะคะ แล้วค่อยใช้กับหน้า
                  state: waiting

      +1h         nok22 comments on v46: หน้ามัน ใช้ได้ไหม
                  fired skin-th
                  public: เช็กกล่องข้อความได้เลยค่ะ
                  bot: ผิวของคุณเป็นแบบไหนคะ [ผิวมัน] [ผิวแห้ง] [ผิวแพ้ง่าย] [คุยกับแอดมิน]
      +1m         nok22 taps [ผิวแพ้ง่าย]
                  card: p_centella_serum/centella-serum-30: กดสั่งจากตรงนี้ได้เลยค่ะ
                  bot: ลองที่ท้องแขนก่อน 24 ชั่วโมงนะคะ แล้วค่อยใช้กับหน้า
                  state: waiting

      +1h         beam comments on v46: หน้ามัน ใช้ได้ไหม
                  fired skin-th
                  public: ตอบในแชทแล้วนะคะ
                  bot: ผิวของคุณเป็นแบบไหนคะ [ผิวมัน] [ผิวแห้ง] [ผิวแพ้ง่าย] [คุยกับแอดมิน]
      +1m         beam taps [คุยกับแอดมิน]
                  inbox: handoff (asks about their skin)
                  state: human (handoff)
      +5m         mali@glow.example hands back beam
                  state: waiting

      +1h         fah comments on v46: หน้ามัน ใช้ได้ไหม
                  fired skin-th
                  public: ส่งรายละเอียดให้ในข้อความแล้วค่ะ
                  bot: ผิวของคุณเป็นแบบไหนคะ [ผิวมัน] [ผิวแห้ง] [ผิวแพ้ง่าย] [คุยกับแอดมิน]
      +1m         fah: ขอคุยก่อนได้มั้ย
                  inbox: handoff (asks about their skin)
                  state: human (handoff)
      +5m         mali@glow.example hands back fah
                  state: waiting
