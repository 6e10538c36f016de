# Thai: the price, the size, the card, and a reminder the next day.
story: price, in Thai
workspace: ../workspace.json

2026-03-21 10:00  mint comments on v46: ราคาเท่าไหร่คะ
                  fired price-th
                  public: ส่งรายละเอียดให้ในข้อความแล้วค่ะ
                  bot: สวัสดีค่ะคุณ mint 🥰 โกลว์เซรั่ม 30 มล. 590 บาท, 50 มล. 890 บาทค่ะ
                  bot: สนใจขนาดไหนดีคะ [30 มล.] [50 มล.] [คุยกับแอดมิน]
      +1m         mint: 50 มล.
                  card: p_glow_serum/glow-serum-50: กดสั่งจากตรงนี้ได้เลยค่ะ
      +21h        clock
                  bot: ยังสนใจ 50 มล. อยู่ไหมคะ วันนี้ส่งฟรีถึงเที่ยงคืนค่ะ
                  state: waiting

      +1h         ploy_s comments on v46: ราคาเท่าไหร่คะ
                  fired price-th
                  public: ทักแชทไปแล้วนะคะ 💕
                  bot: สวัสดีค่ะคุณ ploy_s 🥰 โกลว์เซรั่ม 30 มล. 590 บาท, 50 มล. 890 บาทค่ะ
                  bot: สนใจขนาดไหนดีคะ [30 มล.] [50 มล.] [คุยกับแอดมิน]
      +1m         ploy_s taps [30 มล.]
                  card: p_glow_serum/glow-serum-30: กดสั่งจากตรงนี้ได้เลยค่ะ
      +21h        clock
                  bot: ยังสนใจ 30 มล. อยู่ไหมคะ วันนี้ส่งฟรีถึงเที่ยงคืนค่ะ
                  state: waiting

      +1h         nok22 comments on v46: ราคาเท่าไหร่คะ
                  @mint state: closed (expired)
                  fired price-th
                  public: เช็กกล่องข้อความได้เลยค่ะ
                  bot: สวัสดีค่ะคุณ nok22 🥰 โกลว์เซรั่ม 30 มล. 590 บาท, 50 มล. 890 บาทค่ะ
                  bot: สนใจขนาดไหนดีคะ [30 มล.] [50 มล.] [คุยกับแอดมิน]
      +1m         nok22 taps [คุยกับแอดมิน]
                  inbox: handoff (asked for a person about the price)
                  state: human (handoff)
      +5m         mali@glow.example hands back nok22
                  state: waiting

      +1h         beam comments on v46: ราคาเท่าไหร่คะ
                  fired price-th
                  public: ตอบในแชทแล้วนะคะ
                  bot: สวัสดีค่ะคุณ beam 🥰 โกลว์เซรั่ม 30 มล. 590 บาท, 50 มล. 890 บาทค่ะ
                  bot: สนใจขนาดไหนดีคะ [30 มล.] [50 มล.] [คุยกับแอดมิน]
      +1m         beam: ขอคุยก่อนได้มั้ย
                  inbox: handoff (asked for a person about the price)
                  state: human (handoff)
      +5m         mali@glow.example hands back beam
                  state: waiting
