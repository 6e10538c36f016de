# Thai: a restock notice by email.
story: stock, in Thai
workspace: ../workspace.json

2026-03-21 10:00  mint comments on v46: มีของไหม
                  fired stock-th
                  public: ส่งรายละเอียดให้ในข้อความแล้วค่ะ
                  bot: ถามหาตัวไหนคะ [เซรั่ม] [คุชชั่น] [ลิป]
      +1m         mint taps [เซรั่ม]
                  card: p_glow_serum/glow-serum-30: กดสั่งจากตรงนี้ได้เลยค่ะ
                  state: waiting

      +1h         ploy_s comments on v46: มีของไหม
                  fired stock-th
                  public: ทักแชทไปแล้วนะคะ 💕
                  bot: ถามหาตัวไหนคะ [เซรั่ม] [คุชชั่น] [ลิป]
      +1m         ploy_s: 2
                  bot: ตอนนี้ของกำลังเข้าค่ะ ขออีเมลไว้แจ้งเตือนได้ไหมคะ
      +1m         ploy_s: ขอคุยก่อนได้มั้ย
                  mismatch
                  bot: ตอนนี้ของกำลังเข้าค่ะ ขออีเมลไว้แจ้งเตือนได้ไหมคะ
      +1m         ploy_s: me@mail.example
                  bot: เรียบร้อยค่ะ ของเข้าแล้วจะแจ้งไปที่ me@mail.example นะคะ
                  state: waiting

      +1h         nok22 comments on v46: มีของไหม
                  fired stock-th
                  public: เช็กกล่องข้อความได้เลยค่ะ
                  bot: ถามหาตัวไหนคะ [เซรั่ม] [คุชชั่น] [ลิป]
      +1m         nok22 taps [ลิป]
                  bot: ตอนนี้ของกำลังเข้าค่ะ ขออีเมลไว้แจ้งเตือนได้ไหมคะ
      +1m         nok22: you@mail.example
                  bot: เรียบร้อยค่ะ ของเข้าแล้วจะแจ้งไปที่ you@mail.example นะคะ
                  state: waiting
