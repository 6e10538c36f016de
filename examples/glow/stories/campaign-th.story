# Thai: a code, and a reminder a day later.
story: campaign, in Thai
workspace: ../workspace.json

2026-03-21 10:00  mint comments on v43: จองค่ะ
                  fired launch-th
                  public: ส่งโค้ดให้แล้วนะคะ
                  bot: โค้ดของคุณ mint คือ GLOW15 ลด 15% ถึงอาทิตย์นี้ค่ะ
                  card: p_glow_serum: กดสั่งจากตรงนี้ได้เลยค่ะ
      +24h        clock
                  bot: โค้ด GLOW15 ใกล้หมดเวลาแล้วนะคะ
                  state: waiting
