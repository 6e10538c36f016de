# A draft fires for nobody, until it is activated.
story: a draft becomes active
workspace: ../workspace.json

2026-03-21 10:00  mint comments on v43: สงกรานต์นี้
                  trigger songkran-sale: draft
      +1m         configure triggers[songkran-sale].status = "active"
                  nothing
      +1m         mint comments on v43: สงกรานต์นี้
                  fired songkran-sale
                  public: โปรสงกรานต์มาแล้วค่ะ 💦
                  bot: โค้ดของคุณ mint คือ GLOW15 ลด 15% ถึงอาทิตย์นี้ค่ะ
                  card: p_glow_serum: กดสั่งจากตรงนี้ได้เลยค่ะ
      +1m         jess comments on v43: price please
                  fired price-en
                  public: We wrote to you just now
                  bot: Hi jess 🥰 Glow Serum is 590 THB for 30 ml and 890 THB for 50 ml.
                  bot: Which size would you like? [30 ml] [50 ml] [Talk to us]
                  trigger price-loose: draft
                  trigger question-en: no_match
