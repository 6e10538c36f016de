# A conversation stays on the version that it began with; a flow that is gone brings a person in.
story: another version in the middle
with flows[1].id = "price-later"
workspace: ../workspace.json

2026-03-21 10:00  mint comments on v46: ราคาเท่าไหร่คะ
                  fired price-th
                  public: ส่งรายละเอียดให้ในข้อความแล้วค่ะ
                  bot: สวัสดีค่ะคุณ mint 🥰 โกลว์เซรั่ม 30 มล. 590 บาท, 50 มล. 890 บาทค่ะ
                  card: p_glow_serum/glow-serum-30: กดสั่งจากตรงนี้ได้เลยค่ะ
                  state: waiting
# The second version of the price is published: who asks next gets it.
      +1m         configure ../workspace.json
                  nothing
      +1m         beam comments on v46: ราคาเท่าไหร่คะ
                  fired price-th
                  public: ทักแชทไปแล้วนะคะ 💕
                  bot: สวัสดีค่ะคุณ beam 🥰 โกลว์เซรั่ม 30 มล. 590 บาท, 50 มล. 890 บาทค่ะ
                  bot: สนใจขนาดไหนดีคะ [30 มล.] [50 มล.] [คุยกับแอดมิน]
                  at size
# A third version takes its place, and the second is taken out.
      +1m         configure flows[1].version = 3
                  nothing
      +1m         beam taps [50ml]
                  inbox: flow_missing
                  state: human (flow_missing)
      +1m         mali@glow.example hands back beam
                  inbox: flow_missing
