# Some words bring people in whatever the flow waits for; some only leave a tag.
story: sensitive words
workspace: ../workspace.json

2026-03-21 10:00  jess comments on v46: price please
                  fired price-en
                  public: Check your inbox
                  bot: Hi jess 🥰 Glow Serum is 590 THB for 30 ml and 890 THB for 50 ml.
                  bot: Which size would you like? [30 ml] [50 ml] [Talk to us]
      +1m         jess: I want a REFUND first
                  sensitive
                  inbox: sensitive_word
                  state: human (sensitive_word)
                  tag: refund
                  counted
      +1m         mint: สินค้าแตกหัก
                  sensitive
                  inbox: sensitive_word
                  state: human (sensitive_word)
                  tag: damaged
      +1m         linhchi comments on v46: da dầu dùng sao
                  fired skin-vi
                  public: Shop nhắn tin cho mình rồi ạ 💕
                  bot: Da mình thuộc loại nào ạ? [Da dầu] [Da khô] [Da nhạy cảm] [Gặp nhân viên]
      +1m         linhchi: mình là bà bầu
                  inbox: handoff (asks about their skin)
                  state: human (handoff)
                  tag: pregnant
