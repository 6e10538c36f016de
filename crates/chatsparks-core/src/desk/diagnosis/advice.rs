//! The words of diagnoses: what each check asks, and what to do about it. All sentences stand here.

use serde::Serialize;

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$rule:meta])* $variant:ident = $code:literal, $sentence:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        pub enum $name {
            $($(#[$rule])* #[doc = $sentence] #[serde(rename = $code)] $variant,)*
        }

        impl $name {
            /// Every one, in the order of the rules.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The stable code, in snake case.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// A sentence for people.
            pub fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence,)* }
            }
        }
    };
}

codes! {
    /// What a check asks; its sentence says what holds when it passes.
    CheckCode {
        ConnectionLive = "connection_live", "The TikTok account is connected";
        Scopes = "scopes", "Every permission is granted";
        NoPlatformIncident = "no_platform_incident", "The platform reports no incident";
        PostInWindow = "post_in_window", "The post is inside the plan's listening window";
        NotSilent = "not_silent", "Events come in, or nobody has any";
        TriggerActive = "trigger_active", "The trigger is active";
        ConditionMatched = "condition_matched", "The post is in scope and the condition holds";
        ContactNotBlocked = "contact_not_blocked", "The contact is not blocked";
        NotThrottled = "not_throttled", "The trigger is not throttled for this contact";
        NotAtLimit = "not_at_limit", "There is room under the monthly limit, or the contact is counted already";
        Evaluation = "evaluation", "The comment was evaluated, and its flow began";
        Sent = "sent", "The DM was sent to the platform";
        ReplySent = "reply_sent", "The public reply was sent to the platform";
        Delivered = "delivered", "It reached the device";
        Read = "read", "It was read";
        SignedIn = "signed_in", "The buyer is signed in to the app";
        OpenToMessages = "open_to_messages", "The buyer's privacy lets a business write";
        NotHeldByPlatform = "not_held_by_platform", "The platform holds nothing back, by region or as spam";
        ShopConnected = "shop_connected", "The shop is connected and sends its orders";
        SameAccount = "same_account", "The buyer is a contact: the same TikTok account that wrote";
        WithinWindow = "within_window", "A link went out before the order, within the attribution days";
        SkuLinked = "sku_linked", "What was ordered had been linked";
        RepliesTaken = "replies_taken", "The block took every reply";
        HasFallback = "has_fallback", "The block takes any text";
        AskedOnce = "asked_once", "The flow came to the block once";
        InviteAccepted = "invite_accepted", "They were invited, and accepted";
        SameEmail = "same_email", "They sign in with the email that was invited";
        NotSuspended = "not_suspended", "They are not suspended";
    }
}

codes! {
    /// What is the case: the heading of a diagnosis. What was asked may not be so at all.
    Case {
        WebhookReceives = "webhook_receives", "The webhook receives";
        WebhookMissesSome = "webhook_misses_some", "The webhook does not receive everything";
        WebhookDoesNotReceive = "webhook_does_not_receive", "The webhook does not receive";
        WebhookUnknown = "webhook_unknown", "Nobody knows whether the webhook receives";
        Fired = "fired", "The automation fired";
        FiredLater = "fired_later", "The automation fired, and its flow began later";
        FiredForRoom = "fired_for_room", "The automation fired, and its flow waits for room under the limit";
        FiredForBuyer = "fired_for_buyer", "The automation fired, and its flow waits for the buyer to write";
        FiredAndDropped = "fired_and_dropped", "The automation fired, and its flow was dropped before it began";
        FiredUnsent = "fired_unsent", "The automation fired, and nothing could be sent";
        DidNotFire = "did_not_fire", "The automation did not fire";
        DmRead = "dm_read", "The buyer read the DM";
        DmDelivered = "dm_delivered", "The DM reached the device, and was not read as far as anybody knows";
        DmFailed = "dm_failed", "The DM did not reach the buyer";
        DmWaits = "dm_waits", "The DM waits here, and was not sent yet";
        DmUnknown = "dm_unknown", "Nobody knows whether the DM reached the buyer";
        ReplySent = "reply_sent", "The public reply was said";
        ReplyWaits = "reply_waits", "The public reply waits here, and was not said yet";
        ReplyFailed = "reply_failed", "The public reply was not said";
        ReplyUnknown = "reply_unknown", "Nobody knows whether the public reply was said";
        OrderAttributed = "order_attributed", "The order is attributed";
        OrderSoft = "order_soft", "The order is soft";
        OrderOrganic = "order_organic", "The order was not attributed";
        QuestionRepeats = "question_repeats", "The flow repeats its question";
        QuestionAskedOnce = "question_asked_once", "The flow asked its question once";
        NothingAsked = "nothing_asked", "No flow asked anything";
        StartForRoom = "start_for_room", "Nothing was asked yet: the flow waits for room under the limit";
        StartForBuyer = "start_for_buyer", "Nothing was asked yet: the flow waits for the buyer to write";
        TeammateSees = "teammate_sees", "The teammate sees the workspace";
        TeammateCannotSee = "teammate_cannot_see", "A teammate cannot see the workspace";
    }
}

codes! {
    /// What to do; its sentence is for the person who asks.
    Advice {
        Nothing = "nothing", "Nothing to do here.";
        Reconnect = "reconnect", "Connect the TikTok account again in the workspace's settings; an owner can.";
        AuthoriseAgain = "authorise_again", "The platform takes the account's permission no more: authorise the account again, and whoever runs the service puts the code or the refresh token that came of it into the configuration.";
        AuthoriseShopAgain = "authorise_shop_again", "The platform takes the shop's permission no more: authorise the shop again, and whoever runs the service puts the code or the refresh token that came of it into the configuration.";
        GrantScopes = "grant_scopes", "Connect the TikTok account again and grant the permissions that are missing.";
        LookAtPlatformStatus = "look_at_platform_status", "Look at the platform's status page, and diagnose again with what it says.";
        WaitForPlatform = "wait_for_platform", "Wait until the platform's incident is over; what it sends late is still answered.";
        NameThePost = "name_the_post", "Name the post whose comments are missing, and diagnose again.";
        ListenLonger = "listen_longer", "The post is too old for the plan: comment on a newer one, or take a plan that listens longer.";
        TryAComment = "try_a_comment", "Comment on a post from another account, and diagnose again in 15 minutes.";
        ContactSupport = "contact_support", "Write to support with the workspace id shown here; attach the support bundle.";
        ActivateTrigger = "activate_trigger", "Activate the trigger; it answers comments from then on.";
        WidenCondition = "widen_condition", "Try the text against the trigger, and add the words that the buyer used.";
        LoosenCondition = "loosen_condition", "Its words are there, and another part of the condition refuses: look at its posts, its `not` and its other parts.";
        WidenScope = "widen_scope", "Add the post, or one of its tags, to the trigger's scope.";
        MoveTriggerUp = "move_trigger_up", "Move the trigger above the winner shown here, or narrow the winner's condition.";
        Unblock = "unblock", "Unblock the contact; their next comment is answered.";
        WaitForThrottle = "wait_for_throttle", "Wait until the instant shown here, shorten the trigger's throttle, or write to the contact yourself.";
        RaiseLimit = "raise_limit", "Raise the plan's limit or wait for the next cycle: queued starts then go out, oldest first, unless they have expired.";
        HandBack = "hand_back", "A person has the conversation: answer in it, or hand it back to the bot.";
        AskToWrite = "ask_to_write", "The flow waits for the buyer to write: ask for a DM in a public reply.";
        AskToComment = "ask_to_comment", "The start is gone: the buyer can comment again, or write a DM, once the throttle is over.";
        WriteYourself = "write_yourself", "The start is gone: write to the contact yourself; a member's DM is never stopped by the limit.";
        LookAtTheNewer = "look_at_the_newer", "Another start took its place: look at the conversation for what was sent.";
        CommentIsGone = "comment_is_gone", "The comment was deleted or hidden before its flow began: nothing to do.";
        CameBefore = "came_before", "Nothing, unless one id was given to two things: it came before, and its id is used up.";
        SendUnderNewId = "send_under_new_id", "It was refused when it came first, and its id is used up: where it holds by now, send it under a new event id.";
        WriteToOpen = "write_to_open", "No conversation is open: write to the contact, which opens one.";
        TakeFirst = "take_first", "The bot has the conversation, and only a person hands back: take it first, if you meant to.";
        ReviewStands = "review_stands", "A soft order is reviewed once: the first word stands.";
        ReviewSoftOnly = "review_soft_only", "Only a soft order takes a review: this one needs none.";
        SendAfterTheOrder = "send_after_the_order", "The order is not known: let it come in first, and send this again, under the same event id or a new one.";
        CheckDmId = "check_dm_id", "No such DM was decided: send the id of its effect, as the decision had it.";
        InviteWhoActs = "invite_who_acts", "Only active members act, and are assigned to: invite them, or let them accept the invite.";
        WaitForTheBuyer = "wait_for_the_buyer", "The buyer's window has no message left: ask them, in a public reply, to write; that opens a new one.";
        NothingOfOurOwn = "nothing_of_our_own", "It came in the name of the workspace's own account, which is nobody's contact: nothing to do.";
        CheckInstant = "check_instant", "It is more than 400 days older than the latest event: check the clock that stamped it.";
        CheckDocument = "check_document", "The document does not hold: check it, and mend every fault.";
        ReportFault = "report_fault", "The engine failed at it, which is a fault of ours: report it with the event's id; it can be tried again after an upgrade.";
        LookAtTheFirst = "look_at_the_first", "The same comment came before: diagnose it by its first event.";
        CommentFromElsewhere = "comment_from_elsewhere", "The workspace's own account is never answered: comment from another one.";
        DiagnoseTheDm = "diagnose_the_dm", "It fired. If the buyer saw nothing, diagnose the DM by its id.";
        WaitForReceipt = "wait_for_receipt", "The platform has not said so yet: wait for its receipt, and check that receipts are subscribed to.";
        SetAChannel = "set_a_channel", "It waits here, and nothing is sent from here: the workspace has no channel. Whoever runs the service sets `outbound` in its configuration.";
        MendTheChannel = "mend_the_channel", "It waits here, for nothing is sent: the channel is stopped since the instant shown here, and why. Mend that; what waits goes by itself then, unless its chance is over.";
        WaitForItsTurn = "wait_for_its_turn", "It waits here for its turn, behind what was decided before it and within the limits of sending: the queue says when all will have gone.";
        WaitForTheAttempt = "wait_for_the_attempt", "An attempt to send it is under way, or was cut off: wait until it is known, and look at the platform whether it is there.";
        WaitForTheNextAttempt = "wait_for_the_next_attempt", "An attempt to send it did not succeed, for the reason shown here: it is tried again by itself at the instant shown, or sooner.";
        RetryOrDrop = "retry_or_drop", "It was given up after its attempts, for the reason shown here: mend that, and whoever runs the service tries it again, or drops it, in the queue.";
        AnswerTheComment = "answer_the_comment", "It was not sent, and will not be, for the reason shown here: where it still helps, answer the comment on the platform yourself.";
        ReachOtherwise = "reach_otherwise", "The platform did not deliver it: ask the buyer, in a public reply, to write a DM first.";
        AskToLookInRequests = "ask_to_look_in_requests", "Ask the buyer to look into their message requests.";
        AskToSignIn = "ask_to_sign_in", "Ask the buyer to open the app and sign in.";
        AskToOpenMessages = "ask_to_open_messages", "Ask the buyer to let everyone write to them, or to write first.";
        SendLess = "send_less", "Send less at once and vary the texts; where it lasts, ask the platform's support.";
        BuyerSawIt = "buyer_saw_it", "The DM was read: the buyer saw it. Look at the conversation for what came after.";
        ConnectShop = "connect_shop", "Connect the shop; orders count from then on.";
        GrantShopScopes = "grant_shop_scopes", "Connect the shop again and grant the permission to read orders.";
        LinkShopId = "link_shop_id", "The shop's buyer id belongs to no contact: link it to one, and later orders are credited.";
        SendLinksInFlows = "send_links_in_flows", "No link went out before the order: add a product card to the flow.";
        LinkSooner = "link_sooner", "The last link was too long ago: send a new one, or set more attribution days.";
        LinkTheSku = "link_the_sku", "Link the product or SKU that is sold, not the shop's page alone.";
        ReviewSoftOrder = "review_soft_order", "The order is soft: its link was to something else. Confirm or reject it, and link the SKU in the flow.";
        OrderIsAttributed = "order_is_attributed", "The order is attributed: nothing to do.";
        LookAtCandidates = "look_at_candidates", "Look at the candidates and why each lost.";
        AddFreeText = "add_free_text", "Give the block a free_text fallback: then any text is taken, and can go on to a person.";
        LoosenExpect = "loosen_expect", "Say in the question what form is expected, or take the expectation away.";
        AskToWriteText = "ask_to_write_text", "The question takes any text, but not a picture or an empty message: ask for text.";
        TapOrWrite = "tap_or_write", "The block takes a tap or any text: a tap on a button of an older message is not taken.";
        LookAtGotos = "look_at_gotos", "The flow came back to the block: look for a goto that leads to it, or for a hand back, which asks again.";
        AnswerYourself = "answer_yourself", "A person has the conversation now: answer there, and hand it back when it is settled.";
        NothingAsks = "nothing_asks", "No block waits for this contact: look at the conversation for what was sent.";
        FlowWaitsForReply = "flow_waits_for_reply", "The flow asked once and took what came: it waits for the buyer.";
        Invite = "invite", "Invite this email: no invite went to it.";
        AcceptInvite = "accept_invite", "Ask them to open the invite and accept it; send it again where it is lost.";
        SignInWithInvitedEmail = "sign_in_with_invited_email", "Sign in with the email that was invited, or invite the one they use.";
        Reinstate = "reinstate", "An owner can make them active again.";
        MemberSeesIt = "member_sees_it", "They see the workspace: ask them to sign out and in again.";
    }
}
